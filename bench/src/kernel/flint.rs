//! FLINT's `radix` module, which computes directly in decimal as our kernel does.

use std::ffi::{CStr, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use flint3_sys as flint;

/// Digits of a limb. Of 18 and 19 the faster one from n = 10⁸ on.
const LIMB_DIGITS: u32 = 18;

/// The text of F(n).
pub fn text(n: u64, threads: usize) -> Vec<u8> {
    // SAFETY: the calls follow FLINT's documentation of `gr`: the context is initialised before the element, both are
    // cleared once, and the text is copied before it is freed.
    unsafe {
        flint::flint_set_num_threads(c_int::try_from(threads).expect("a number of threads"));
        let mut context = MaybeUninit::<flint::gr_ctx_struct>::uninit();
        let context = context.as_mut_ptr();
        flint::gr_ctx_init_radix_integer(context, 10, LIMB_DIGITS);
        let value = flint::gr_heap_init(context);
        assert_eq!(flint::gr_generic_fib_ui(value, n, context), 0, "FLINT could not compute F({n})");
        let mut text = null_mut();
        assert_eq!(flint::gr_get_str(&raw mut text, value, context), 0, "FLINT could not write F({n})");
        let copy = CStr::from_ptr(text).to_bytes().to_vec();
        flint::flint_free(text.cast::<c_void>());
        flint::gr_heap_clear(value, context);
        flint::gr_ctx_clear(context);
        copy
    }
}
