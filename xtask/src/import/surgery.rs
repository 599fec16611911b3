//! ONNX surgery: published files are frozen to one batch and one size; here they are made dynamic.
//!
//! Detectors are cut at their heads: everything behind the last convolution (reshape, transpose, sigmoid, the decoding
//! of boxes against a constant grid) goes, and `models::decode` does it in Rust for the few cells that pass the score
//! threshold. What is left is a pure convolutional network, right for every batch and every multiple of 32 pixels:
//!
//! * YOLOv8: one map per stride, `[batch, 64 + classes, height / stride, width / stride]` (four boxes sides as 16-bin
//!   distributions, then class logits);
//! * SCRFD: per stride a map of score logits (2 anchors), box distances (8) and landmark offsets (20);
//! * CenterFace: heat map logits (1), scale (2), offset (2) and landmarks (10) at stride 4;
//! * embedding networks keep their output; only the batch becomes dynamic.

use anyhow::{Context, Result, anyhow, bail, ensure};
use models::pack::{Decoder, Network};
use onnx_ir::{AttributeProto, GraphProto, Message, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The network of `raw` with dynamic axes, as ONNX bytes.
pub fn dynamic(raw: &Path, network: &Network) -> Result<Vec<u8>> {
    let bytes = std::fs::read(raw).with_context(|| format!("cannot read {}", raw.display()))?;
    let mut model = ModelProto::parse_from_bytes(&bytes).with_context(|| format!("{} is not an ONNX model", raw.display()))?;
    // Weights listed as inputs too are the habit of IR version 3; later readers then take them for constants.
    model.ir_version = model.ir_version.max(4);
    let graph = model.graph.as_mut().ok_or_else(|| anyhow!("{} holds no graph", raw.display()))?;
    drop_weights_from_inputs(graph);
    let heads = match network.decoder {
        Some(Decoder::Yolov8) => yolov8_heads(graph)?,
        Some(Decoder::Scrfd | Decoder::Centerface) => heads_behind_outputs(graph)?,
        None => graph.output.iter().map(|o| o.name.clone()).collect(),
    };
    let spatial = network.decoder.is_some();
    free_axes(graph, &heads, spatial)?;
    free_reshapes(graph)?;
    scale_resizes(graph)?;
    floor_average_pools(graph);
    drop_dead(graph);
    graph.value_info.clear();
    model.write_to_bytes().context("cannot write the prepared model")
}

fn drop_weights_from_inputs(graph: &mut GraphProto) {
    let weights: HashSet<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
    let keep: Vec<ValueInfoProto> = graph.input.iter().filter(|i| !weights.contains(i.name.as_str())).cloned().collect();
    graph.input = keep;
}

fn producers(graph: &GraphProto) -> HashMap<String, usize> {
    graph.node.iter().enumerate().flat_map(|(i, n)| n.output.iter().map(move |o| (o.clone(), i))).collect()
}

/// The three maps that YOLOv8 joins before decoding: each a Concat of two convolutions, flattened by a Reshape.
fn yolov8_heads(graph: &GraphProto) -> Result<Vec<String>> {
    let made_by = producers(graph);
    let op = |tensor: &String| made_by.get(tensor).map(|i| &graph.node[*i]);
    let mut heads = Vec::new();
    for reshape in graph.node.iter().filter(|n| n.op_type == "Reshape") {
        let Some(concat) = reshape.input.first().and_then(op).filter(|n| n.op_type == "Concat") else { continue };
        if concat.input.len() == 2 && concat.input.iter().all(|i| op(i).is_some_and(|n| n.op_type == "Conv")) {
            heads.push(concat.output[0].clone());
        }
    }
    ensure!(heads.len() == 3, "a YOLOv8 has three heads; this graph shows {}", heads.len());
    Ok(heads)
}

/// Each output followed back over reshape, transpose and sigmoid to the map it was made from.
fn heads_behind_outputs(graph: &GraphProto) -> Result<Vec<String>> {
    let made_by = producers(graph);
    let behind = |output: &ValueInfoProto| {
        let mut tensor = output.name.clone();
        loop {
            let node = made_by.get(&tensor).map(|i| &graph.node[*i]).ok_or_else(|| anyhow!("nothing makes the tensor {tensor}"))?;
            match node.op_type.as_str() {
                "Reshape" | "Transpose" | "Sigmoid" => tensor = node.input[0].clone(),
                _ => return Ok(tensor),
            }
        }
    };
    graph.output.iter().map(behind).collect()
}

/// Names the axes of the input and of the outputs instead of numbering them.
fn free_axes(graph: &mut GraphProto, heads: &[String], spatial: bool) -> Result<()> {
    let input = graph.input.first_mut().ok_or_else(|| anyhow!("the graph has no input"))?;
    name_axes(
        input,
        &if spatial { vec![Some("batch"), None, Some("height"), Some("width")] } else { vec![Some("batch"), None, None, None] },
    )?;
    let template = input.clone();
    if spatial {
        graph.output = heads
            .iter()
            .map(|head| {
                let mut value = template.clone();
                value.name = head.clone();
                let shape = value.type_.mut_or_insert_default().mut_tensor_type().shape.mut_or_insert_default();
                for (axis, name) in ["batch", "channels", "rows", "columns"].iter().enumerate() {
                    shape.dim[axis].set_dim_param(format!("{head}_{name}"));
                }
                shape.dim[0].set_dim_param("batch".into());
                value
            })
            .collect();
    } else {
        for output in &mut graph.output {
            name_axes(output, &[Some("batch"), None])?;
        }
    }
    Ok(())
}

fn name_axes(value: &mut ValueInfoProto, names: &[Option<&str>]) -> Result<()> {
    let shape = value.type_.mut_or_insert_default().mut_tensor_type().shape.mut_or_insert_default();
    ensure!(shape.dim.len() == names.len(), "{} has {} axes, not {}", value.name, shape.dim.len(), names.len());
    for (dim, name) in shape.dim.iter_mut().zip(names) {
        if let Some(name) = name {
            dim.set_dim_param((*name).into());
        }
    }
    Ok(())
}

/// A leading 1 in a Reshape means "one picture": 0 keeps whatever batch comes in.
fn free_reshapes(graph: &mut GraphProto) -> Result<()> {
    let shapes: Vec<String> = graph.node.iter().filter(|n| n.op_type == "Reshape").filter_map(|n| n.input.get(1).cloned()).collect();
    for name in shapes {
        let Some(tensor) = constant_mut(graph, &name) else { continue };
        let mut values = i64_values(tensor)?;
        if values.len() > 1 && values[0] == 1 {
            values[0] = 0;
            tensor.raw_data.clear();
            tensor.int64_data = values;
        }
    }
    Ok(())
}

/// Every Resize in these networks doubles height and width; most say so by a fixed size.
fn scale_resizes(graph: &mut GraphProto) -> Result<()> {
    let mut added = Vec::new();
    for node in graph.node.iter_mut().filter(|n| n.op_type == "Resize" && n.input.len() == 4) {
        let name = format!("{}_scales", node.output[0]);
        let roi = node.input[1].clone();
        node.input = vec![node.input[0].clone(), roi, name.clone()];
        let mut tensor = TensorProto::new();
        tensor.name = name;
        tensor.data_type = FLOAT;
        tensor.dims = vec![4];
        tensor.float_data = vec![1.0, 1.0, 2.0, 2.0];
        added.push(tensor);
    }
    graph.initializer.extend(added);
    Ok(())
}

/// `ceil_mode` changes nothing for sizes that are multiples of 32, and burn-onnx does not take it.
fn floor_average_pools(graph: &mut GraphProto) {
    for node in graph.node.iter_mut().filter(|n| n.op_type == "AveragePool") {
        let keep: Vec<AttributeProto> = node.attribute.iter().filter(|a| a.name != "ceil_mode").cloned().collect();
        node.attribute = keep;
    }
}

/// Leaves only what the outputs need.
fn drop_dead(graph: &mut GraphProto) {
    let mut needed: HashSet<String> = graph.output.iter().map(|o| o.name.clone()).collect();
    let mut live: Vec<NodeProto> = Vec::with_capacity(graph.node.len());
    for node in graph.node.iter().rev() {
        if node.output.iter().any(|o| needed.contains(o)) {
            needed.extend(node.input.iter().cloned());
            live.push(node.clone());
        }
    }
    live.reverse();
    graph.node = live;
    let weights: Vec<TensorProto> = graph.initializer.iter().filter(|t| needed.contains(&t.name)).cloned().collect();
    graph.initializer = weights;
}

/// ONNX `TensorProto.DataType`.
const FLOAT: i32 = 1;
const INT64: i32 = 7;

fn constant_mut<'a>(graph: &'a mut GraphProto, name: &str) -> Option<&'a mut TensorProto> {
    if let Some(i) = graph.initializer.iter().position(|t| t.name == name) {
        return Some(&mut graph.initializer[i]);
    }
    let node = graph.node.iter_mut().find(|n| n.op_type == "Constant" && n.output.iter().any(|o| o == name))?;
    node.attribute.iter_mut().find(|a| a.name == "value").and_then(|a| a.t.as_mut())
}

fn i64_values(tensor: &TensorProto) -> Result<Vec<i64>> {
    if tensor.data_type != INT64 {
        bail!("the shape {} does not hold 64-bit integers", tensor.name);
    }
    if tensor.raw_data.is_empty() {
        return Ok(tensor.int64_data.clone());
    }
    Ok(tensor.raw_data.chunks_exact(8).map(|b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])).collect())
}
