//! TLS where bytes are moved in bulk: rustls shakes hands ([`shake`]) and hands its secrets over;
//! from there records are framed, sealed and opened here, around no buffer but our own.
//!
//! Pure: no socket, no clock. Read in this order: [`frame`], `keys`, [`seal`], [`open`],
//! [`kernel`] (what a kernel that seals must know), [`message`], [`side`] (who we are),
//! [`shake`], [`session`].

pub mod frame;
pub mod kernel;
mod keys;
pub mod message;
pub mod open;
pub mod seal;
pub mod session;
pub mod shake;
pub mod side;

#[cfg(test)]
mod tests;
