"""Evaluation of strategies on recorded and live runs: accuracy, cost, confidence intervals."""
