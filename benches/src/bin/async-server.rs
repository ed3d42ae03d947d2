//! One echo server over tokio, which `compare` starts.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    bareframe_benches::async_servers::serve()
}
