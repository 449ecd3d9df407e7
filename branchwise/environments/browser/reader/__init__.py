"""Reading of a page in one definition: what is shown, and what of it can be acted on."""
