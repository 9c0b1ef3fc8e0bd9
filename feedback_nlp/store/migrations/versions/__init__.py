"""One file a step, named NUMBER_what_it_does.py; `down_revision` names the step before."""
