"""`python -m benchmarks.dagster_alone`: what Dagster takes for as many steps and checks as a run has, all empty."""

from collections.abc import Iterator

import dagster as dg

STEPS, TABLES_EACH, CHECKS = 12, 2, 16


def _step(number: int) -> dg.AssetsDefinition:
    names = [f"table_{number}_{place}" for place in range(TABLES_EACH)]
    deps = [f"table_{number - 1}_0"] if number else []

    @dg.multi_asset(name=f"step_{number}", specs=[dg.AssetSpec(name, deps=deps) for name in names])
    def nothing() -> Iterator[dg.MaterializeResult[None]]:
        for name in names:
            yield dg.MaterializeResult(asset_key=name, metadata={"dagster/row_count": 1})

    return nothing


@dg.multi_asset_check(specs=[dg.AssetCheckSpec(f"check_{number}", asset="table_0_0") for number in range(CHECKS)])
def nothing_to_check() -> Iterator[dg.AssetCheckResult]:
    """Pass."""
    for number in range(CHECKS):
        yield dg.AssetCheckResult(passed=True, check_name=f"check_{number}", metadata={"breaking_rows": 0})


if __name__ == "__main__":
    definitions = dg.Definitions(
        assets=[_step(number) for number in range(STEPS)],
        asset_checks=[nothing_to_check],
        jobs=[dg.define_asset_job("everything")],
        executor=dg.in_process_executor,
    )
    with dg.DagsterInstance.local_temp() as instance:
        definitions.resolve_job_def("everything").execute_in_process(instance=instance)
