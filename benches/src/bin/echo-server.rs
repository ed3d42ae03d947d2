//! One echo server, which `compare` starts.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    #[cfg(feature = "simd")]
    bareframe_benches::echo::serve()?;
    Ok(())
}
