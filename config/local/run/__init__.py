"""`make run`: the whole product as one supervised process tree."""
