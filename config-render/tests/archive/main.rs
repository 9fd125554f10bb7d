//! What may be kept of a configuration: the corpus, with secrets drawn into it; what is known
//! word for word; noise; limits.

mod any;
mod draw;
mod known;
mod limits;
mod mutated;
mod noise;
mod secrets;
