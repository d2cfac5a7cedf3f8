"""How much a message looks like spam: a linear model of its character 4-grams and of facts about it."""
