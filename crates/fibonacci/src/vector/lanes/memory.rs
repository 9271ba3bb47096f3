//! Memory that is zero and not touched before its first use.
#![expect(unsafe_code, reason = "the standard library refuses no memory of zeros but by ending the program")]

use std::alloc::{Layout, alloc_zeroed};

use super::{LimbOctet, Octet};

/// Types of which all bits zero is a value.
///
/// # Safety
/// All bits zero is a value, and the size is not zero.
pub(crate) unsafe trait Zero: Sized {}
// SAFETY: 0.0.
unsafe impl Zero for f64 {}
// SAFETY: eight times 0.
unsafe impl Zero for LimbOctet {}

/// Returns `count` zeros, or `None` where the system refuses the memory.
///
/// Vectors above 8 MiB come from the system page by page as they are first written, by the thread that writes. The
/// alignment must be small for that: memory of a larger one is filled by the allocator.
pub(crate) fn zeroed<T: Zero>(count: usize) -> Option<Vec<T>> {
    const { assert!(align_of::<T>() <= align_of::<f64>()) };
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
    let zeros = unsafe { Vec::from_raw_parts(memory, count, count) };
    prepare_pages(&zeros);
    Some(zeros)
}

/// Asks the system to provide the pages of memory that is not written yet in less time: from 2 MiB on in large ones,
/// and up to 8 MiB at once. It may refuse.
pub(crate) fn prepare_pages<T>(memory: &[T]) {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        use rustix::mm::{Advice, madvise};
        const SMALL_PAGE: usize = 4096;
        let bytes = size_of_val(memory);
        let start = memory.as_ptr().cast_mut().cast::<std::ffi::c_void>();
        let before = start.addr() % SMALL_PAGE;
        let advise = |advice| {
            // SAFETY: advice about pages changes nothing of what is in them.
            let _ = unsafe { madvise(start.wrapping_byte_sub(before), bytes + before, advice) };
        };
        if bytes >= 2 << 20 {
            advise(Advice::LinuxHugepage);
        }
        // One thread alone would take longer for more than the threads that write it.
        if (64 << 10..8 << 20).contains(&bytes) {
            advise(Advice::LinuxPopulateWrite);
        }
    }
    #[cfg(any(not(target_os = "linux"), miri))]
    let _ = memory;
}

/// Octets of points, all zero at first, each in a line of the cache.
pub(crate) struct Points {
    memory: Vec<f64>,
}

impl Points {
    /// Reserves `octets`, or `None` where the system refuses the memory.
    pub(crate) fn zeroed(octets: usize) -> Option<Self> {
        // The next line of the cache begins at most seven numbers on.
        Some(Points { memory: zeroed(8 * octets + 7)? })
    }

    pub(crate) fn octets(&mut self) -> &mut [Octet] {
        // SAFETY: an octet is eight `f64`, and every bit pattern is one.
        unsafe { self.memory.align_to_mut().1 }
    }
}
