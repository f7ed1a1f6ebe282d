"""WhatsApp's Cloud API as far as the product calls it, and a phone to write from.

Written from https://developers.facebook.com/documentation/business-messaging/whatsapp/ and Meta's OpenAPI description.
`state` has the businesses, people and messages; `graph` the API; `phone` the page; `control` what tests order.
"""
