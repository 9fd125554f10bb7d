//! Whether this engine can run here.

/// Tries what the engine needs; says what is missing.
///
/// # Errors
/// In words: io_uring is forbidden in many containers, and old kernels lack parts of it.
pub fn check() -> Result<(), String> {
    // A ring belongs to the thread that made it: this one is thrown away.
    let attempt = std::thread::spawn(|| {
        let ring = super::ring::new()?;
        super::ring::Provided::register(&ring).map(|provided| {
            drop(ring);
            drop(provided);
        })
    });
    match attempt.join() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(err)) => Err(err.to_string()),
        Err(_) => Err("probing io_uring panicked".to_owned()),
    }
}
