"""Services outside: signed requests to allowed addresses, before calls, in them and after them."""
