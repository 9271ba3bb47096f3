//! Memory that is zero and not touched before its first use.
#![expect(unsafe_code, reason = "the standard library refuses no memory of zeros but by ending the program")]

use std::alloc::{Layout, alloc_zeroed};

use super::{LimbOctet, Octet};

/// Types of which all bits zero is a value.
///
/// # Safety
/// All bits zero is a value, and the size is not zero.
pub(crate) unsafe trait Zero: Sized {}
// SAFETY: eight times 0.0.
unsafe impl Zero for Octet {}
// SAFETY: eight times 0.
unsafe impl Zero for LimbOctet {}

/// Returns `count` zeros, or `None` where the system refuses the memory.
///
/// Long vectors come from the system page by page as they are first written, by the thread that writes.
pub(crate) fn zeroed<T: Zero>(count: usize) -> Option<Vec<T>> {
    if count == 0 {
        return Some(Vec::new());
    }
    let layout = Layout::array::<T>(count).ok()?;
    // SAFETY: the size is not zero, since neither the count nor the size of a T is.
    let memory = unsafe { alloc_zeroed(layout) }.cast::<T>();
    if memory.is_null() {
        return None;
    }
    // SAFETY: the global allocator gave this memory for this layout, and it holds `count` values.
    Some(unsafe { Vec::from_raw_parts(memory, count, count) })
}
