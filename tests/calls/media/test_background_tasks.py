"""Tasks beside the media loop: kept while they run, and no error is lost."""

import asyncio

from calls.media.background_tasks import BackgroundTasks


async def test_an_error_is_handed_over_and_a_cancelled_task_is_none() -> None:
    async def fails() -> None:
        raise ZeroDivisionError

    tasks, errors = BackgroundTasks(), list[BaseException]()
    tasks.start(fails(), errors.append)
    tasks.start(asyncio.sleep(60), errors.append)
    assert len(tasks) == 2
    await asyncio.sleep(0.01)
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert len(tasks) == 1
    tasks.cancel()
    await tasks.wait(1)
    assert len(tasks) == 0
    assert len(errors) == 1


async def test_the_wait_is_bounded() -> None:
    tasks = BackgroundTasks()
    await tasks.wait(60)
    tasks.start(asyncio.sleep(60), print)
    await tasks.wait(0.01)
    assert len(tasks) == 1
    tasks.cancel()
