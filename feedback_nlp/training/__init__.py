"""From labelled texts to a bundle: recipe, corpus, linear model, heads, card."""
