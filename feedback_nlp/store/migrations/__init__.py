"""Steps that made the tables what they are; run by `feedback_nlp.store.migrate`."""
