//! What a pool must know about its resources.

use std::{error::Error, future::Future};

/// Makes resources and cleans used ones.
///
/// Written with `async fn`:
///
/// ```
/// # use std::convert::Infallible;
/// # use orchestrator_pool::Manager;
/// struct Buffers;
///
/// impl Manager for Buffers {
///     type Resource = Vec<u8>;
///     type Error = Infallible;
///
///     async fn create(&self) -> Result<Vec<u8>, Infallible> {
///         Ok(Vec::new())
///     }
///
///     async fn recycle(&self, buffer: &mut Vec<u8>) -> Result<(), Infallible> {
///         buffer.clear();
///         Ok(())
///     }
/// }
/// ```
///
/// Both run as a part of the checkout that needs them, one caller each, several at a time. The
/// pool sets them no time limit: what may hang needs one of its own. When the checkout is
/// cancelled, so are they, in the middle if need be.
pub trait Manager: Send + Sync + 'static {
    /// What the pool lends out.
    ///
    /// Its `Drop` is its end. It runs on whatever thread lets go of the resource, and until it
    /// has returned the resource counts as alive; what takes long should be handed on from it.
    type Resource: Send;

    /// What goes wrong in making or cleaning a resource.
    type Error: Error + Send + Sync + 'static;

    /// Makes a new resource.
    ///
    /// An error reaches the caller of the checkout. A future that is dropped half-way must leave
    /// nothing behind: the pool has not seen the resource yet and cannot clean up after it.
    fn create(&self) -> impl Future<Output = Result<Self::Resource, Self::Error>> + Send;

    /// Cleans a used resource and **proves** that it is clean.
    ///
    /// `Ok` says that nothing of the last use is left and that the resource works: the next user
    /// relies on both. When that cannot be shown, the answer is an error; the resource is then
    /// destroyed and another is made. The same happens when this panics or is cancelled.
    ///
    /// It runs just before the resource is lent again, not when it comes back, so what it finds
    /// is true at the time of use.
    fn recycle(
        &self,
        resource: &mut Self::Resource,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
