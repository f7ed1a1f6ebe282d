"""The pages about the subscription. urls imports them."""
