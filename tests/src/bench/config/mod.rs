//! What the cases about configuration share: routers to render for ([`drawn`]), and scripts in Python that do
//! the same ([`script`]).

pub mod drawn;
pub mod script;
