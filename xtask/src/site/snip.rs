//! Takes code out of the page's module that nothing calls and the linker cannot know of.
//!
//! Leptos puts two ways to take a page over into the table of functions of every view: at once, and bit by bit while parts are
//! still loading. The page uses the first alone (`leptos::mount::hydrate_body`), so the second is code for nobody. Each of its
//! functions becomes a trap here, and what only they call is then dropped by wasm-bindgen and wasm-opt.

use anyhow::{Result, bail};
use walrus::{FunctionKind, Module};

/// A part of the names of the functions that are never called, as both of rustc's manglings write it.
const NEVER: &str = "13hydrate_async";

/// How many functions were emptied.
///
/// # Errors
/// Where there is none: the names have gone, and the module would be larger than anybody expects.
pub fn snip(module: &mut Module) -> Result<usize> {
    let mut count = 0;
    for function in module.funcs.iter_mut() {
        if !function.name.as_ref().is_some_and(|name| name.contains(NEVER)) {
            continue;
        }
        if let FunctionKind::Local(local) = &mut function.kind {
            let mut body = local.builder_mut().func_body();
            body.instrs_mut().clear();
            body.unreachable();
            count += 1;
        }
    }
    if count == 0 {
        bail!("the compiled page has no function `{NEVER}`: Leptos or rustc's names have changed, see xtask/src/site/snip.rs");
    }
    Ok(count)
}

/// What the classes of the crate `wasm-streams` export, which come with Leptos' server functions. The page has none of these, and
/// nobody makes an object of the classes; but what is exported stays.
const STREAMS: [&str; 2] = ["intounderlying", "__wbg_intounderlying"];

/// Takes these exports back. The module is bound already.
pub fn unexport(module: &mut Module) {
    let is_of_streams = |name: &str| STREAMS.into_iter().any(|begin| name.starts_with(begin));
    let ids: Vec<_> = module.exports.iter().filter(|export| is_of_streams(&export.name)).map(|export| export.id()).collect();
    for id in ids {
        module.exports.delete(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::{FunctionBuilder, ValType, ir::Instr};

    #[test]
    fn a_function_of_that_name_becomes_a_trap_and_no_other_does() {
        let mut module = Module::default();
        let mut add = |name: &str| {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[ValType::I32]);
            builder.name(name.to_owned()).func_body().i32_const(7);
            builder.finish(vec![], &mut module.funcs)
        };
        let (never, used) = (add("_ZN4view13hydrate_async17h0123E"), add("_ZN4view7hydrate17h0123E"));
        assert_eq!(snip(&mut module).unwrap(), 1);
        let is_a_trap = |id| {
            let function = module.funcs.get(id).kind.unwrap_local();
            matches!(&function.block(function.entry_block()).instrs[..], [(Instr::Unreachable(_), _)])
        };
        assert_eq!((is_a_trap(never), is_a_trap(used)), (true, false));
    }

    #[test]
    fn only_what_streams_export_is_taken_back() {
        let mut module = Module::default();
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder.func_body();
        let function = builder.finish(vec![], &mut module.funcs);
        for name in ["hydrate", "__wbg_intounderlyingsink_free", "intounderlyingsource_pull"] {
            module.exports.add(name, function);
        }
        unexport(&mut module);
        assert_eq!(module.exports.iter().map(|export| export.name.as_str()).collect::<Vec<_>>(), ["hydrate"]);
    }

    #[test]
    fn a_module_without_names_is_an_error() {
        assert!(snip(&mut Module::default()).is_err());
    }
}
