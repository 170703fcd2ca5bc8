"""What needs a person: noticed once, told once when it begins and once when it is over.

trouble.py   what is wrong with which source at this moment
incidents.py a trouble from its beginning to its end, in the books
watch.py     troubles become incidents, incidents become messages
wording.py   what a message says
outbox.py    sends what is due, and tries again
mail.py      by mail
webhook.py   by a signed POST
"""
