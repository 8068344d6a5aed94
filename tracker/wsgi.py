"""The door for a web server: `app`, made from the environment when it is first asked for."""

import os

from config import Settings
from tracker.app import create_app
from tracker.opening import open_house

settings = Settings.from_env(os.environ)
house = open_house(settings)
house.router().read_all()  # before workers fork off, who share it, and not while somebody waits for an answer
app = create_app(settings, house=house)
