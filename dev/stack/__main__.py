"""``python -m dev.stack [run|reset|status|logs|psql]``: the stack's commands without the rest of the tool."""

import typer

from cli.run import register

app = typer.Typer(no_args_is_help=True)
register(app)

if __name__ == "__main__":
    app()
