"""What is sold, and for how much less: products, prices, coupons and promotion codes.

It imports `api` and `account`.
"""
