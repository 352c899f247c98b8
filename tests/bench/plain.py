"""The yardstick: a host of SpiffWorkflow as its documentation shows one.

The whole workflow with its specifications as JSON text in one row; each step reads it, restores
it, completes the task, runs on, writes it and commits. No audit, no inbox, no deadlines: less than
anybody needs.
"""

from typing import Any

from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from engine.db import unit_of_work
from tests.bench.shape import REVIEWERS

CREATE = "CREATE TABLE IF NOT EXISTS plain (id bigserial PRIMARY KEY, state text NOT NULL)"


class PlainHost:
    """Cases of one process in a table of their own; the first source is the process."""

    def __init__(self, factory: sessionmaker[Session], key: str, *sources: bytes) -> None:
        self.factory = factory
        self.serializer: Any = BpmnWorkflowSerializer(
            BpmnWorkflowSerializer.configure(SPIFF_CONFIG)
        )
        parser = SpiffBpmnParser()
        for source in sources:
            parser.add_bpmn_str(source)
        self.specs = parser.get_spec(key), parser.get_subprocess_specs(key)
        with unit_of_work(factory) as session:
            session.execute(sql(CREATE))

    def start(self) -> int:
        """Start a case; its id."""
        workflow = BpmnWorkflow(*self.specs)
        first = workflow.get_next_task(state=TaskState.READY)
        first.data.update(reviewers=REVIEWERS)
        workflow.do_engine_steps()
        with unit_of_work(self.factory) as session:
            query = sql("INSERT INTO plain (state) VALUES (:state) RETURNING id")
            return int(session.execute(query, {"state": self._dump(workflow)}).scalar_one())

    def complete(self, case_id: int) -> bool:
        """Complete the next task; False when the case has ended."""
        with unit_of_work(self.factory) as session:
            read = sql("SELECT state FROM plain WHERE id = :id FOR UPDATE")
            found = session.execute(read, {"id": case_id}).scalar_one()
            workflow = self.serializer.deserialize_json(found)
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            if task is None:
                return False
            task.data[f"{task.task_spec.name}_outcome"] = "GO"
            task.run()
            workflow.do_engine_steps()
            write = sql("UPDATE plain SET state = :state WHERE id = :id")
            session.execute(write, {"state": self._dump(workflow), "id": case_id})
        return True

    def _dump(self, workflow: Any) -> str:
        return str(self.serializer.serialize_json(workflow))
