//! The one task of this process that enters calculations, many at once and each on disk before its answer.

use sqlx::postgres::PgPool;

use super::enter::{Admission, Count, enter};
use super::gathering::{Gathering, Settle};
use crate::{NewCalculation, StoreError, StoreLimits, SubmitResult};

#[derive(Clone)]
pub(super) struct Acceptor {
    gathering: Gathering<Entering>,
    limits: StoreLimits,
}

impl Acceptor {
    pub(super) fn start(pool: PgPool, limits: StoreLimits) -> Self {
        Self { gathering: Gathering::start(Entering { pool, limits, count: Count::default() }), limits }
    }

    /// Has a calculation entered and waits until that is on disk.
    pub(super) async fn submit(&self, acceptance: NewCalculation) -> Result<SubmitResult, StoreError> {
        match self.gathering.settled(acceptance).await? {
            Admission::Admitted(accepted) => Ok(accepted),
            Admission::QueueFull => Err(StoreError::QueueFull { allowed: self.limits.max_queued }),
        }
    }
}

struct Entering {
    pool: PgPool,
    limits: StoreLimits,
    count: Count,
}

impl Settle for Entering {
    type Request = NewCalculation;
    type Answer = Admission;

    async fn settle(&mut self, acceptances: &[NewCalculation]) -> sqlx::Result<Vec<Admission>> {
        enter(&self.pool, self.limits, &mut self.count, acceptances).await
    }
}
