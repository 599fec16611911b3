//! Takes code out of the page's module that nothing calls and the linker cannot know of.
//!
//! Leptos puts two ways to take a page over into the table of functions of every view: at once, and bit by bit while parts are
//! still loading. The page uses the first alone (`leptos::mount::hydrate_body`), so the second is code for nobody. Its functions
//! become traps here, and what only they call is then dropped by wasm-bindgen and wasm-opt.
//!
//! Not all that bears its name may go: the compiler keeps one of several equal functions under any of their names, and what
//! `hydrate_async` hands to an effect, to be run at each change, equals what `hydrate` hands to it. Those are closures within a
//! closure. The function itself and the body of its future, which is one closure, equal nothing that is called.

use walrus::{FunctionKind, Module};

/// The name and one closure, as rustc's names have them: before the hash of a function that is never called.
const NEVER: &str = "13hydrate_async";
const CLOSURE: &str = "28_$u7b$$u7b$closure$u7d$$u7d$";

fn is_never_called(name: &str) -> bool {
    let Some((_, rest)) = name.rsplit_once(NEVER) else { return false };
    rest.strip_prefix(CLOSURE).unwrap_or(rest).starts_with("17h")
}

/// How many functions were emptied. None: Leptos or rustc's names have changed, and the module is larger than it need be.
pub fn snip(module: &mut Module) -> usize {
    let mut count = 0;
    for function in module.funcs.iter_mut() {
        if !function.name.as_deref().is_some_and(is_never_called) {
            continue;
        }
        if let FunctionKind::Local(local) = &mut function.kind {
            let mut body = local.builder_mut().func_body();
            body.instrs_mut().clear();
            body.unreachable();
            count += 1;
        }
    }
    count
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
        assert_eq!(snip(&mut module), 1);
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
    fn what_an_effect_runs_at_each_change_is_left_alone() {
        let name = |inside: &str| format!("_ZN6tachys14reactive_graph56_$LT$impl$GT$13hydrate_async{inside}17h0123456789abcdefE");
        assert!(is_never_called(&name("")) && is_never_called(&name(CLOSURE)));
        for used in [name(&CLOSURE.repeat(2)), name("9get_guard"), "_ZN4view7hydrate17h0123456789abcdefE".to_owned()] {
            assert!(!is_never_called(&used), "{used}");
        }
    }

    #[test]
    fn a_module_without_names_stays_as_it_is() {
        assert_eq!(snip(&mut Module::default()), 0);
    }
}
