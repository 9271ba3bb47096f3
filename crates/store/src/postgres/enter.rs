//! Entering many calculations in one transaction, while other processes do the same.
//!
//! Rows are locked in the order of their ids and entered in the order of their subjects, so that two
//! processes with the same subjects wait for each other in a line and not in a circle.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use model::{Calculation, Subject};
use sqlx::postgres::{PgConnection, PgPool};

use super::DURABLY;
use super::standing::standing_columns;
use crate::row::{Standing, Whole, calculation_columns, column};
use crate::rules::token_sha256;
use crate::{NewCalculation, StoreLimits, SubmitResult};

/// What came of an acceptance.
#[derive(Clone)]
pub(super) enum Admission {
    Admitted(SubmitResult),
    QueueFull,
}

/// One round may only take the turn, the next enters, the third sees what that entered and who was quicker;
/// more have only ever to do with rows that changed hands in between.
const ROUNDS: usize = 6;

/// Nearer to the limit than this, batches of all processes take turns, so that it is kept exactly. Further
/// away, as many batches as there are processes cannot reach it.
const NEAR: u64 = 4096;

/// Further away than this, a count is good for [`COUNTED_FOR`]: all processes together cannot enter so many
/// within it. Counting goes through all that is unfinished, which is much when it matters that this is quick.
const FAR: u64 = 50_000;
const COUNTED_FOR: Duration = Duration::from_millis(250);

/// Names the turns among advisory locks.
const TURNS: i64 = 0x6162_6163_6900_0001;

/// Enters all or, if it fails, none. Gives an answer for each, in their order.
pub(super) async fn enter(
    pool: &PgPool,
    limits: StoreLimits,
    count: &mut Count,
    acceptances: &[NewCalculation],
) -> sqlx::Result<Vec<Admission>> {
    if let [alone] = acceptances
        && let Some(entered) = enter_at_once(pool, limits, count, alone).await?
    {
        return Ok(vec![Admission::Admitted(SubmitResult::Queued(entered))]);
    }
    let mut transaction = pool.begin_with(DURABLY).await?;
    let mut batch = Batch { limits, count, acceptances, has_turn: false, answers: vec![None; acceptances.len()] };
    for _ in 0..ROUNDS {
        if batch.open().is_empty() {
            break;
        }
        batch.round(&mut transaction).await?;
    }
    transaction.commit().await?;
    let answers: Option<Vec<_>> = batch.answers.into_iter().collect();
    answers.ok_or_else(|| sqlx::Error::Protocol("rows changed hands too often to be entered".into()))
}

/// Enters what nobody asked for before, far from the limit, in one statement. Gives nothing, and has entered nothing,
/// if there is more to say of it.
async fn enter_at_once(
    pool: &PgPool,
    limits: StoreLimits,
    count: &mut Count,
    acceptance: &NewCalculation,
) -> sqlx::Result<Option<Calculation>> {
    if acceptance.ask.is_some() {
        return Ok(None);
    }
    let mut connection = pool.acquire().await?;
    if !count.is_far(&mut connection, limits.max_queued).await? {
        return Ok(None);
    }
    insert(&mut connection, &[acceptance]).await.map(|entered| entered.into_iter().next())
}

/// How many rows were unfinished when they were last counted.
#[derive(Default)]
pub(super) struct Count(Option<(Instant, u64)>);

impl Count {
    /// The last count, if it is as good as one made now.
    fn recent(&self, most: u64) -> Option<u64> {
        let (at, unfinished) = self.0?;
        (at.elapsed() < COUNTED_FOR && most.saturating_sub(unfinished) > FAR).then_some(unfinished)
    }

    /// Whether the limit is far away now. Does not count again where it was not far when last counted: whoever is told
    /// so counts.
    async fn is_far(&mut self, connection: &mut PgConnection, most: u64) -> sqlx::Result<bool> {
        let was_far = self.0.is_none_or(|(_, unfinished)| most.saturating_sub(unfinished) > FAR);
        if was_far && self.recent(most).is_none() {
            self.note(count_unfinished(connection, most).await?);
        }
        Ok(self.recent(most).is_some())
    }

    fn note(&mut self, unfinished: u64) -> u64 {
        self.0 = Some((Instant::now(), unfinished));
        unfinished
    }
}

struct Batch<'a> {
    limits: StoreLimits,
    count: &'a mut Count,
    acceptances: &'a [NewCalculation],
    has_turn: bool,
    answers: Vec<Option<Admission>>,
}

impl Batch<'_> {
    /// The places of those that have no answer yet.
    fn open(&self) -> Vec<usize> {
        self.answers.iter().enumerate().filter(|(_, answer)| answer.is_none()).map(|(at, _)| at).collect()
    }

    fn answer(&mut self, at: usize, admission: Admission) {
        if let Some(answer) = self.answers.get_mut(at) {
            *answer = Some(admission);
        }
    }

    async fn round(&mut self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let acceptances = self.acceptances;
        let open: Vec<(usize, &NewCalculation)> =
            self.open().into_iter().filter_map(|at| Some((at, acceptances.get(at)?))).collect();
        let subjects: HashSet<&Subject> = open.iter().map(|(_, acceptance)| &acceptance.subject).collect();
        let mut standing = look(connection, &subjects).await?;
        let to_change: HashSet<i64> = open
            .iter()
            .filter_map(|(_, acceptance)| Some((acceptance, standing.get(&acceptance.subject)?)))
            .filter(|(acceptance, found)| must_change(acceptance, found))
            .map(|(_, found)| found.id().0)
            .collect();
        standing.extend(hold_all(connection, to_change).await?);

        let (mut joining, mut working) = (Vec::new(), Vec::new());
        for (at, acceptance) in &open {
            match standing.get(&acceptance.subject) {
                Some(found) if found.calculation.is_readable() => {
                    self.answer(*at, Admission::Admitted(SubmitResult::Known(found.calculation.clone())));
                }
                Some(found) if !found.calculation.status().is_final() => {
                    joining.push((*acceptance, found));
                    self.answer(*at, Admission::Admitted(SubmitResult::Pending(found.calculation.clone())));
                }
                // One of many who ask for the same at once does the work; the next round finds the others pending.
                _ if working
                    .iter()
                    .any(|(_, other): &(usize, &NewCalculation)| other.subject == acceptance.subject) => {}
                _ => working.push((*at, *acceptance)),
            }
        }
        join(connection, &joining).await?;
        self.work(connection, &open, working, &standing).await
    }

    /// Enters or queues again what fits below the limit, and refuses the rest.
    async fn work(
        &mut self,
        connection: &mut PgConnection,
        open: &[(usize, &NewCalculation)],
        mut working: Vec<(usize, &NewCalculation)>,
        standing: &HashMap<Subject, Standing>,
    ) -> sqlx::Result<()> {
        if working.is_empty() {
            return Ok(());
        }
        let Some(room) = self.room(connection).await? else { return Ok(()) };
        let refused = working.split_off(working.len().min(room));
        let refused: HashSet<&Subject> = refused.iter().map(|(_, acceptance)| &acceptance.subject).collect();
        for (at, _) in open.iter().filter(|(_, acceptance)| refused.contains(&acceptance.subject)) {
            self.answer(*at, Admission::QueueFull);
        }
        let (again, new): (Vec<_>, Vec<_>) = working
            .iter()
            .map(|(_, acceptance)| *acceptance)
            .partition(|acceptance| standing.contains_key(&acceptance.subject));
        let mut queued = requeue(connection, &again).await?;
        queued.extend(insert(connection, &new).await?);
        let queued: HashMap<Subject, Calculation> =
            queued.into_iter().map(|calculation| (calculation.subject.clone(), calculation)).collect();
        let mut asks = Vec::new();
        for (at, acceptance) in working {
            // Whatever is not there was entered by another process just now; the next round finds it.
            if let Some(calculation) = queued.get(&acceptance.subject) {
                asks.extend(acceptance.ask.as_ref().map(|ask| (calculation.id.0, token_sha256(ask))));
                self.answer(at, Admission::Admitted(SubmitResult::Queued(calculation.clone())));
            }
        }
        insert_asks(connection, asks).await
    }

    /// How many more may be queued. `None` when that may not be many and the turn had to be taken to tell:
    /// what others entered while they had it must be looked at first.
    async fn room(&mut self, connection: &mut PgConnection) -> sqlx::Result<Option<usize>> {
        let most = self.limits.max_queued;
        let unfinished = match self.count.recent(most) {
            Some(unfinished) => unfinished,
            None => self.count.note(count_unfinished(connection, most).await?),
        };
        if unfinished >= most.saturating_sub(NEAR) && !self.has_turn {
            sqlx::query("select pg_advisory_xact_lock($1)").bind(TURNS).execute(&mut *connection).await?;
            self.has_turn = true;
            return Ok(None);
        }
        Ok(Some(usize::try_from(most.saturating_sub(unfinished)).unwrap_or(usize::MAX)))
    }
}

/// Whether answering needs the row to stay as it is until the commit.
fn must_change(acceptance: &NewCalculation, found: &Standing) -> bool {
    if found.calculation.status().is_final() {
        return !found.calculation.is_readable();
    }
    acceptance.ask.is_some() || !found.unwithdrawable
}

async fn look(connection: &mut PgConnection, subjects: &HashSet<&Subject>) -> sqlx::Result<HashMap<Subject, Standing>> {
    let found: Vec<Standing> =
        sqlx::query_as(concat!("select ", standing_columns!(), " from calculations where subject = any($1)"))
            .bind(subjects.iter().map(ToString::to_string).collect::<Vec<_>>())
            .fetch_all(connection)
            .await?;
    Ok(by_subject(found))
}

/// Keeps others from changing these rows until the commit, and looks at them again.
async fn hold_all(connection: &mut PgConnection, ids: HashSet<i64>) -> sqlx::Result<HashMap<Subject, Standing>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<Standing> = sqlx::query_as(concat!(
        "select ",
        standing_columns!(),
        " from calculations where id = any($1) order by id for no key update"
    ))
    .bind(ids.into_iter().collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(by_subject(found))
}

fn by_subject(found: Vec<Standing>) -> HashMap<Subject, Standing> {
    found.into_iter().map(|found| (found.calculation.subject.clone(), found)).collect()
}

async fn count_unfinished(connection: &mut PgConnection, most: u64) -> sqlx::Result<u64> {
    let rows: i64 = sqlx::query_scalar(
        "select count(*) from (select from calculations where status in ('queued', 'running') limit $1) as t",
    )
    .bind(column(most))
    .fetch_one(connection)
    .await?;
    u64::try_from(rows).map_err(|error| sqlx::Error::Decode(error.into()))
}

async fn insert(connection: &mut PgConnection, new: &[&NewCalculation]) -> sqlx::Result<Vec<Calculation>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let entered: Vec<Whole> = sqlx::query_as(concat!(
        "insert into calculations (subject, idx, status, lane, digits, asked_at, queued_at, unwithdrawable, \
         traceparent) select subject, idx, 'queued', lane, digits, asked_at, asked_at, unwithdrawable, traceparent \
         from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::boolean[], $7::text[]) \
         as t (subject, idx, lane, digits, asked_at, unwithdrawable, traceparent) order by subject \
         on conflict (subject) do nothing returning ",
        calculation_columns!(),
    ))
    .bind(new.iter().map(|acceptance| acceptance.subject.to_string()).collect::<Vec<_>>())
    .bind(new.iter().map(|acceptance| acceptance.subject.index().get()).collect::<Vec<_>>())
    .bind(new.iter().map(|acceptance| acceptance.lane.as_str()).collect::<Vec<_>>())
    .bind(new.iter().map(|acceptance| column(acceptance.digits)).collect::<Vec<_>>())
    .bind(new.iter().map(|acceptance| acceptance.now.unix_ms()).collect::<Vec<_>>())
    .bind(new.iter().map(|acceptance| acceptance.ask.is_none()).collect::<Vec<_>>())
    .bind(new.iter().map(|acceptance| traceparent(acceptance)).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(entered.into_iter().map(|Whole(calculation)| calculation).collect())
}

/// Queues finished rows, which are held, again. What is known of their values stays, and the new ones must
/// agree with it.
async fn requeue(connection: &mut PgConnection, again: &[&NewCalculation]) -> sqlx::Result<Vec<Calculation>> {
    if again.is_empty() {
        return Ok(Vec::new());
    }
    let queued: Vec<Whole> = sqlx::query_as(concat!(
        "update calculations set status = 'queued', lane = new_lane, digits = new_digits, queued_at = now_ms, \
         unwithdrawable = without_token, traceparent = new_traceparent, started_at = null, finished_at = null, \
         attempt = 0, errors = 0, lost_leases = 0, waiting_for = null, failure = null, failure_attempts = null \
         from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[], $6::text[]) \
         as t (asked_subject, new_lane, new_digits, now_ms, without_token, new_traceparent) \
         where subject = asked_subject returning ",
        calculation_columns!(),
    ))
    .bind(again.iter().map(|acceptance| acceptance.subject.to_string()).collect::<Vec<_>>())
    .bind(again.iter().map(|acceptance| acceptance.lane.as_str()).collect::<Vec<_>>())
    .bind(again.iter().map(|acceptance| column(acceptance.digits)).collect::<Vec<_>>())
    .bind(again.iter().map(|acceptance| acceptance.now.unix_ms()).collect::<Vec<_>>())
    .bind(again.iter().map(|acceptance| acceptance.ask.is_none()).collect::<Vec<_>>())
    .bind(again.iter().map(|acceptance| traceparent(acceptance)).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(queued.into_iter().map(|Whole(calculation)| calculation).collect())
}

fn traceparent(acceptance: &NewCalculation) -> Option<String> {
    acceptance.traceparent.map(|trace| trace.to_string())
}

/// Notes who else asks for rows that are queued or running, and held where that changes them.
async fn join(connection: &mut PgConnection, joining: &[(&NewCalculation, &Standing)]) -> sqlx::Result<()> {
    let asks = joining
        .iter()
        .filter_map(|(acceptance, found)| Some((found.id().0, token_sha256(acceptance.ask.as_ref()?))))
        .collect();
    insert_asks(connection, asks).await?;
    let without_token: Vec<i64> = joining
        .iter()
        .filter(|(acceptance, found)| acceptance.ask.is_none() && !found.unwithdrawable)
        .map(|(_, found)| found.id().0)
        .collect();
    if without_token.is_empty() {
        return Ok(());
    }
    sqlx::query("update calculations set unwithdrawable = true where id = any($1)")
        .bind(without_token)
        .execute(connection)
        .await
        .map(drop)
}

async fn insert_asks(connection: &mut PgConnection, asks: Vec<(i64, Vec<u8>)>) -> sqlx::Result<()> {
    if asks.is_empty() {
        return Ok(());
    }
    let (ids, tokens): (Vec<_>, Vec<_>) = asks.into_iter().unzip();
    sqlx::query(
        "insert into asks (calculation_id, token_sha256) select * from unnest($1::bigint[], $2::bytea[]) \
         on conflict do nothing",
    )
    .bind(ids)
    .bind(tokens)
    .execute(connection)
    .await
    .map(drop)
}
