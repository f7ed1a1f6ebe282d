"""What is sold and how it is discounted: products, prices, coupons and promotion codes.

It imports `api` and `account`.
"""
