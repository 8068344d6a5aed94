"""The door for a web server: `app`, made from the environment when it is first asked for."""

import os

from config import Settings
from tracker.app import create_app

app = create_app(Settings.from_env(os.environ))
