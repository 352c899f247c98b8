"""What a person reads when two changes cross in the database."""

from flask import Flask
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from tests.operations.world import World
from tests.web.conftest import SignIn
from web.unit import changing


def test_a_change_that_crossed_anothers_says_so_and_how_to_go_on(
    app: Flask, factory: sessionmaker[Session], world: World, sign_in: SignIn
) -> None:
    @app.get("/crossing")
    def crossing() -> str:
        with changing() as session:
            session.execute(sql("SELECT id FROM organisation FOR UPDATE NOWAIT"))
        return "won"

    world.session.commit()
    visitor = sign_in(world.offices["finance"].maker)
    with factory() as other:
        other.execute(sql("SELECT id FROM organisation FOR UPDATE"))
        answer = visitor.get("/crossing")
        assert answer.status_code == 409
        assert "这一次没有保存" in answer.text
        assert "再提交一次" in answer.text
        assert "psycopg" not in answer.text
    assert visitor.get("/crossing").text == "won"
