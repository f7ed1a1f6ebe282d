"""The pages about the subscription. URLs import them."""
