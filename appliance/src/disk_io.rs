//! Block reads on blocking threads: the portable engine's way to a disk.

use cache::{BlockIo, ReadOrder};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use tokio::runtime::Handle;

/// Reads on the runtime's blocking threads.
pub(crate) struct ThreadIo(pub(crate) Handle);

impl BlockIo for ThreadIo {
    fn submit(&self, order: ReadOrder) {
        self.0.spawn_blocking(move || {
            let read = read(&order);
            order.complete(read);
        });
    }
}

fn read(order: &ReadOrder) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; order.len()];
    File::open(order.file())?.read_exact_at(&mut bytes, order.offset())?;
    Ok(bytes)
}
