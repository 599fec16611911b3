//! What every client of the network shares.

use std::sync::Once;

/// Chooses the one implementation of TLS, ring, for the whole process. To be called before a client is built; further
/// calls do nothing.
pub fn tls() {
    static CHOSEN: Once = Once::new();
    CHOSEN.call_once(|| {
        // Whoever uses this crate as a library may have chosen before.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
