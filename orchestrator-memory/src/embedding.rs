//! Texts as vectors, for those who have a model that makes them.

use std::{collections::HashMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::EntryId;

/// What a text means, as a direction: a vector of length 1.
///
/// ```
/// use orchestrator_memory::Embedding;
///
/// # fn main() -> Result<(), orchestrator_memory::EmbeddingError> {
/// let one = Embedding::new(&[3.0, 4.0])?;
/// let two = Embedding::new(&[6.0, 8.0])?;
/// assert_eq!(one.similarity(&two), Some(1.0));
/// assert_eq!(one.similarity(&Embedding::new(&[1.0])?), None, "of another model");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f32>")]
pub struct Embedding(Arc<[f32]>);

/// There is no NaN in it.
impl Eq for Embedding {}

/// Numbers that are no direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a vector needs at least one number, all of them finite, and not all 0")]
pub struct EmbeddingError;

impl Embedding {
    /// The direction of a vector, whatever its length.
    ///
    /// # Errors
    /// [`EmbeddingError`] where it has none.
    pub fn new(vector: &[f32]) -> Result<Self, EmbeddingError> {
        let length = length(vector);
        if !length.is_finite() || length <= 0.0 {
            return Err(EmbeddingError);
        }
        let numbers = vector
            .iter()
            .map(|number| (f64::from(*number) / length) as f32);
        Ok(Self(numbers.collect()))
    }

    /// The cosine of the angle between two, from -1 to 1; `None` where they have not the same number
    /// of dimensions, as those of different models.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> Option<f32> {
        if self.dimensions() != other.dimensions() {
            return None;
        }
        let products = self.0.iter().zip(&*other.0).map(|(one, two)| one * two);
        Some(products.sum::<f32>().clamp(-1.0, 1.0))
    }

    /// How many numbers it has.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.0.len()
    }
}

fn length(vector: &[f32]) -> f64 {
    let squares = vector.iter().map(|number| f64::from(*number).powi(2));
    squares.sum::<f64>().sqrt()
}

/// As it was written: a vector of length 1 is not made one again, which would change its last bits.
impl TryFrom<Vec<f32>> for Embedding {
    type Error = EmbeddingError;

    fn try_from(vector: Vec<f32>) -> Result<Self, EmbeddingError> {
        match (length(&vector) - 1.0).abs() < 1e-3 {
            true => Ok(Self(vector.into())),
            false => Self::new(&vector),
        }
    }
}

/// Makes vectors of texts, so that what means the same is found in other words: a model that runs in
/// this process. Set it with [`MemoryConfig::with_embedder`](crate::MemoryConfig::with_embedder). Who
/// asks a service for vectors hands them in: [`NewEntry::embedding`](crate::NewEntry::embedding),
/// [`Query::embedding`](crate::Query::embedding).
pub trait Embedder: Send + Sync {
    /// What a text means; `None` where nothing can be said of it. Words alone speak for it then.
    ///
    /// It is called once for each entry that is added and once for each recall, by whoever does that,
    /// and is waited for.
    fn embed(&self, text: &str) -> Option<Embedding>;
}

/// The vectors of entries that have one and can be recalled.
#[derive(Clone, Default)]
pub(crate) struct Embeddings(HashMap<EntryId, Embedding>);

impl Embeddings {
    pub(crate) fn insert(&mut self, id: EntryId, embedding: Embedding) {
        self.0.insert(id, embedding);
    }

    pub(crate) fn remove(&mut self, id: EntryId) {
        self.0.remove(&id);
    }

    pub(crate) fn get(&self, id: EntryId) -> Option<&Embedding> {
        self.0.get(&id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How alike each is to another, in no order.
    pub(crate) fn similarities(&self, to: &Embedding) -> impl Iterator<Item = (EntryId, f32)> {
        let all = self.0.iter();
        all.filter_map(|(id, embedding)| Some((*id, embedding.similarity(to)?)))
    }
}

impl fmt::Debug for Embeddings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Embeddings").field(&self.0.len()).finish()
    }
}
