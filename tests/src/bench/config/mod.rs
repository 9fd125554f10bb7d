//! What the cases about configuration share: routers to render for ([`drawn`]), devices that are visited
//! ([`devices`]) by a backup in a process of its own ([`backup`]), and scripts in Python that do the same
//! ([`script`]).

pub mod backup;
pub mod devices;
pub mod drawn;
pub mod script;
