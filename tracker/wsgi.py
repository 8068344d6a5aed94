"""The door for a web server: `app`, made from the environment when it is first asked for."""

import os

from config import Settings
from tracker.app import create_app
from tracker.opening import open_database, open_house, open_routing
from tracker.web.warming import load_after_the_first_page

settings = Settings.from_env(os.environ)
database = open_database(settings)
routing = open_routing(settings, database)
routing.shipped().read_all()  # before workers fork off, who share it, and not while somebody waits for an answer
routing.shipped().meaning.load_if_laid_down()
app = create_app(settings, database, open_house(settings, routing, database))
load_after_the_first_page(app, routing.shipped().meaning)
