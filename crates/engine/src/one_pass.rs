//! One pass: keeps one sketch an account instead of one an account and thread.
//! In: a physical plan that sketches on every thread and merges after. Out: one that deals out rows by account, then sketches.
//! Invariant: the same groups and the same bytes: sketches merge, so where an exchange is sketched never shows.
//! Not here: the logical plan (`pipeline.rs`).
//!
//! Every thread meets nearly every account, and a sketch is thousands of bytes and reads 24 texts. Grouping on each thread
//! first costs that once a thread, and once more as bytes between the two stages; rows are cheap to hand over.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};

use crate::sketch_udaf::NAME;

/// The rule.
#[derive(Debug)]
pub(crate) struct OnePass;

impl PhysicalOptimizerRule for OnePass {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            Ok(match rewritten(&plan)? {
                Some(one) => Transformed::yes(one),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "one_pass"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Merging, over a deal of what was sketched on each thread: the two become one.
fn rewritten(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(merging) = plan.downcast_ref::<AggregateExec>() else { return Ok(None) };
    let Some(dealing) = merging.input().downcast_ref::<RepartitionExec>() else { return Ok(None) };
    let Some(partial) = dealing.input().downcast_ref::<AggregateExec>() else { return Ok(None) };
    let ours = partial.aggr_expr().iter().all(|function| function.fun().name() == NAME);
    if *merging.mode() != AggregateMode::FinalPartitioned || *partial.mode() != AggregateMode::Partial || !ours {
        return Ok(None);
    }
    let keys: Vec<Arc<dyn PhysicalExpr>> = partial.group_expr().input_exprs();
    let threads = dealing.partitioning().partition_count();
    let dealt = RepartitionExec::try_new(Arc::clone(partial.input()), Partitioning::Hash(keys, threads))?;
    let one = AggregateExec::try_new(
        AggregateMode::SinglePartitioned,
        partial.group_expr().clone(),
        partial.aggr_expr().to_vec(),
        partial.filter_expr().to_vec(),
        Arc::new(dealt),
        partial.input_schema(),
    )?;
    Ok(Some(Arc::new(one)))
}
