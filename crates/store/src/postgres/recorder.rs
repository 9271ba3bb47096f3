//! The one task of this process that records values, many at once and each on disk before anybody is told.

use sqlx::postgres::PgPool;

use super::DURABLY;
use super::gathering::{Gathering, Settle};
use super::record::{record_at_once, record_values};
use crate::{CompleteResult, CompletedValue, StoreError};

#[derive(Clone)]
pub(super) struct Recorder {
    gathering: Gathering<Finishing>,
}

impl Recorder {
    pub(super) fn start(pool: PgPool) -> Self {
        Self { gathering: Gathering::start(Finishing { pool }) }
    }

    /// Has a value recorded.
    pub(super) async fn record(&self, recorded: CompletedValue) -> Result<CompleteResult, StoreError> {
        self.gathering.settled(recorded).await
    }
}

struct Finishing {
    pool: PgPool,
}

impl Settle for Finishing {
    type Request = CompletedValue;
    type Answer = CompleteResult;

    async fn settle(&mut self, recorded: &[CompletedValue]) -> sqlx::Result<Vec<CompleteResult>> {
        if let [alone] = recorded {
            let mut connection = self.pool.acquire().await?;
            if let Some(recording) = record_at_once(&mut connection, alone).await? {
                return Ok(vec![recording]);
            }
        }
        let mut transaction = self.pool.begin_with(DURABLY).await?;
        let recordings = record_values(&mut transaction, recorded).await?;
        transaction.commit().await?;
        Ok(recordings)
    }
}
