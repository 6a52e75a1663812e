"""What is true: clauses, profile, model, theorems. Imports nothing of ours."""
