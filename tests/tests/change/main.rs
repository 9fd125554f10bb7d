//! Changes of configuration that come back by themselves, on whole machines with a real systemd: at their
//! deadline, at a boot, after a power cut at any step, from behind a firewall that lets nobody in, on a full
//! disk. It takes root, and what `setup/packages.txt` lists for the lab; without them these tests say so and
//! pass, but not in CI.

mod cut;
mod device;
mod full;
mod normal;
mod walk;
