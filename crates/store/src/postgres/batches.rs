//! The statements that PostgreSQL executes in batches: submissions and values.

use std::sync::Arc;

use sqlx::Connection;

use super::BEGIN_DURABLE;
use super::error::{classify, is_collision, is_read_only};
use super::pool::{Pool, is_replaced};
use super::statements::PostgresStatements;
use crate::batch::Executor;
use crate::error::DbError;
use crate::operations::{SubmitAnswer, complete_batch, complete_unfinished, insert_without_tokens, submit_batch};
use crate::rules::QueueLimit;
use crate::{CompleteResult, CompletedValue, NewCalculation};

/// Executes submissions.
pub(super) struct SubmitExecutor {
    pub(super) pool: Pool,
    pub(super) queue_limit: Arc<QueueLimit>,
}

impl Executor for SubmitExecutor {
    type Request = NewCalculation;
    type Answer = SubmitAnswer;

    /// After an error some may be stored: submitting them again joins them.
    async fn execute(&mut self, requests: &[NewCalculation]) -> Result<Vec<SubmitAnswer>, DbError> {
        let mut answers = twice(&self.pool, || self.insert(requests)).await?;
        let is_open =
            |(answer, request): (&Option<SubmitAnswer>, &NewCalculation)| answer.is_none().then(|| request.clone());
        let open: Vec<NewCalculation> = answers.iter().zip(requests).filter_map(is_open).collect();
        if !open.is_empty() {
            let mut others = twice(&self.pool, || self.submit(&open)).await?.into_iter();
            for answer in answers.iter_mut().filter(|answer| answer.is_none()) {
                *answer = others.next();
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }
}

impl SubmitExecutor {
    async fn insert(&self, requests: &[NewCalculation]) -> sqlx::Result<Vec<Option<SubmitAnswer>>> {
        let mut connection = self.pool.acquire().await?;
        let mut statements = PostgresStatements { connection: &mut connection, queue_limit: &self.queue_limit };
        insert_without_tokens(&mut statements, requests).await
    }

    async fn submit(&self, requests: &[NewCalculation]) -> sqlx::Result<Vec<SubmitAnswer>> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin_with(BEGIN_DURABLE).await?;
        let mut statements = PostgresStatements { connection: &mut transaction, queue_limit: &self.queue_limit };
        let answers = submit_batch(&mut statements, requests).await?;
        transaction.commit().await?;
        Ok(answers)
    }
}

/// Executes completions.
#[derive(Clone)]
pub(super) struct CompleteExecutor {
    pub(super) pool: Pool,
    pub(super) queue_limit: Arc<QueueLimit>,
}

impl Executor for CompleteExecutor {
    type Request = CompletedValue;
    type Answer = CompleteResult;

    async fn execute(&mut self, values: &[CompletedValue]) -> Result<Vec<CompleteResult>, DbError> {
        self.complete_all(values).await
    }
}

impl CompleteExecutor {
    /// Stores all values. After an error some may be stored: storing them again changes nothing.
    pub(super) async fn complete_all(&self, values: &[CompletedValue]) -> Result<Vec<CompleteResult>, DbError> {
        twice(&self.pool, || self.complete(values)).await
    }

    async fn complete(&self, values: &[CompletedValue]) -> sqlx::Result<Vec<CompleteResult>> {
        let mut connection = self.pool.acquire().await?;
        let mut statements = PostgresStatements { connection: &mut connection, queue_limit: &self.queue_limit };
        let mut results = complete_unfinished(&mut statements, values).await?;
        let is_open =
            |(result, value): (&Option<CompleteResult>, &CompletedValue)| result.is_none().then(|| value.clone());
        let open: Vec<CompletedValue> = results.iter().zip(values).filter_map(is_open).collect();
        if !open.is_empty() {
            let mut transaction = connection.begin_with(BEGIN_DURABLE).await?;
            let mut statements = PostgresStatements { connection: &mut transaction, queue_limit: &self.queue_limit };
            let mut others = complete_batch(&mut statements, &open).await?.into_iter();
            transaction.commit().await?;
            for result in results.iter_mut().filter(|result| result.is_none()) {
                *result = others.next();
            }
        }
        Ok(results.into_iter().flatten().collect())
    }
}

/// Runs a transaction, and once more if that may succeed: it collided with another, its server does not write and a new
/// connection may reach one that does, or new connections do reach another. Running it again changes nothing that it
/// stored.
async fn twice<T, F>(pool: &Pool, transaction: impl Fn() -> F) -> Result<T, DbError>
where
    F: Future<Output = sqlx::Result<T>>,
{
    let outcome = match pool.call(transaction()).await {
        Err(error) if is_collision(&error) || is_read_only(&error) || is_replaced(&error) => {
            pool.call(transaction()).await
        }
        outcome => outcome,
    };
    outcome.map_err(classify)
}
