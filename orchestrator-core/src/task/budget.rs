//! An allowance that a whole tree of tasks shares.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An allowance, in a unit of the caller's choice (tokens, cents, calls), that a task and all below it
/// spend together. Cheap to clone; clones are the same allowance.
///
/// Children have their parent's, or a part of it: see [`part`](Self::part).
///
/// ```
/// use orchestrator_core::Budget;
///
/// let mission = Budget::of(100);
/// let task = mission.part(30);
/// task.try_spend(20)?;
/// assert_eq!((mission.left(), task.left()), (Some(80), Some(10)));
/// assert!(task.try_spend(11).is_err());
/// # Ok::<(), orchestrator_core::BudgetSpent>(())
/// ```
#[derive(Clone, Default)]
pub struct Budget(Option<Arc<Allowance>>);

struct Allowance {
    left: AtomicU64,
    whole: Budget,
}

/// There is not as much left as was to be spent. Nothing was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} were to be spent and {left} are left: ask for less, or raise the budget")]
#[non_exhaustive]
pub struct BudgetSpent {
    /// What was to be spent.
    pub wanted: u64,
    /// What is left, of this budget or of one that it is a part of.
    pub left: u64,
}

impl Budget {
    /// No limit.
    #[must_use]
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// So much.
    #[must_use]
    pub fn of(amount: u64) -> Self {
        Self::unlimited().part(amount)
    }

    /// At most so much of this budget. What is spent from the part is spent from the whole too. Parts
    /// are limits and not reservations: together they may be more than the whole.
    #[must_use]
    pub fn part(&self, amount: u64) -> Self {
        Self(Some(Arc::new(Allowance {
            left: AtomicU64::new(amount),
            whole: self.clone(),
        })))
    }

    /// Spends, here and from all that this is a part of, or nowhere.
    ///
    /// # Errors
    /// [`BudgetSpent`] when there is not enough.
    pub fn try_spend(&self, amount: u64) -> Result<(), BudgetSpent> {
        let mut at = self;
        while let Some(allowance) = &at.0 {
            let spent = allowance
                .left
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| {
                    left.checked_sub(amount)
                });
            if let Err(left) = spent {
                self.give_back_until(amount, at);
                return Err(BudgetSpent {
                    wanted: amount,
                    left,
                });
            }
            at = &allowance.whole;
        }
        Ok(())
    }

    /// Gives back what was spent and is not needed after all.
    pub fn give_back(&self, amount: u64) {
        self.give_back_until(amount, &Self(None));
    }

    fn give_back_until(&self, amount: u64, end: &Self) {
        let mut at = self;
        while let Some(allowance) = &at.0 {
            if end
                .0
                .as_ref()
                .is_some_and(|end| Arc::ptr_eq(end, allowance))
            {
                return;
            }
            allowance.left.fetch_add(amount, Ordering::AcqRel);
            at = &allowance.whole;
        }
    }

    /// How much can be spent now; `None` without a limit.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        let mut least = None;
        let mut at = self;
        while let Some(allowance) = &at.0 {
            let left = allowance.left.load(Ordering::Acquire);
            least = Some(least.map_or(left, |least: u64| least.min(left)));
            at = &allowance.whole;
        }
        least
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Budget").field(&self.left()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_whole_refuses_is_not_taken_from_the_part() {
        let whole = Budget::of(10);
        let part = whole.part(8);
        whole.try_spend(5).unwrap();
        let refused = part.try_spend(6).unwrap_err();
        assert_eq!((refused.wanted, refused.left), (6, 5));
        assert_eq!((whole.left(), part.left()), (Some(5), Some(5)));
        part.try_spend(5).unwrap();
        assert_eq!((whole.left(), part.left()), (Some(0), Some(0)));
        part.give_back(2);
        assert_eq!((whole.left(), part.left()), (Some(2), Some(2)));
        assert_eq!(Budget::unlimited().left(), None);
    }

    #[test]
    fn side_by_side_no_more_is_spent_than_there_is() {
        let budget = Budget::of(1_000);
        let spent: u64 = std::thread::scope(|scope| {
            let spenders = [3, 5, 7, 11].map(|amount| {
                let part = budget.part(600);
                scope.spawn(move || {
                    (0..1_000)
                        .filter(|_| part.try_spend(amount).is_ok())
                        .count() as u64
                        * amount
                })
            });
            spenders.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(Some(1_000 - spent), budget.left());
    }
}
