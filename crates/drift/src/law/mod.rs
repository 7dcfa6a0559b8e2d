//! Laws of probability: tails and expectations that the metrics need, each total over all inputs.

pub(crate) mod binomial;
pub(crate) mod chi_squared;
pub(crate) mod cramer_von_mises;
pub(crate) mod divergence;
pub(crate) mod hypergeometric;
pub(crate) mod kolmogorov;
pub(crate) mod normal;
pub(crate) mod smirnov;
