//! A store with buckets, for tests: what it takes is in its `--help`.

fn main() -> anyhow::Result<()> {
    tests::s3_store::server::run()
}
