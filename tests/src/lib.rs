//! End to end: real daemons, real players, real faults.
//!
//! The library holds what tests and the demo share: [`process`] (daemons that end with
//! us), [`ports`], [`uml`] (a kernel of our own), [`effort`] (how long tests that draw at
//! random go on), [`byte_miss`] (what cache policies miss), [`fuse_disk`] (a disk that fails
//! when told to), [`http_harness`] (one server and what it is compared with), [`small_cdn`] (a
//! fleet, an origin and two boxes), [`operator`] (who runs the `fleet` command), [`origin`] (nginx,
//! and who asked it for what), [`name_server`] (Knot DNS) and [`acme_authority`] (Pebble),
//! [`s3_store`] (buckets), [`software_tpm`] (a machine's TPM), [`planted`] (secrets, looked for), [`demo`], the small CDN that `make demo` runs and checks, [`lab`],
//! whole machines and networks, and [`bench`]. The tests themselves stand under `tests/`.

pub mod acme_authority;
pub mod bench;
pub mod byte_miss;
pub mod crowd;
pub mod demo;
pub mod effort;
pub mod false_fleet;
pub mod fuse_disk;
pub mod http_harness;
pub mod lab;
pub mod name_server;
pub mod operator;
pub mod origin;
pub mod planted;
pub mod process;
pub mod s3_store;
pub mod say;
pub mod self_signed;
pub mod small_cdn;
pub mod software_tpm;
pub mod uml;
