"""What staff manage: accounts, templates, numbers, campaigns, people. Knows nothing of `calls`.

An upload's way is imports -> planning -> delivery.

    rules         PURE  may this call be placed: the law as data, one function a rule
    schedule      PURE  when: windows, pacing, retries, recurrence, call-back times, forecast
    spreadsheets  PURE  the bytes of an uploaded list -> rows of text, columns, dates
    xfin          the platform's REST API; nothing of our tables
    models        tables, one file a subject
    queries       every read, one file a subject
    transitions   the only places where the state of a campaign, an attempt or a call-back is written
    compliance    facts for the rules, the check, suppressions, scrubs, complaints
    lifecycle     launch, approve, pause, resume, cancel; what stops a campaign by itself
    imports       a file becomes people
    planning      people become messages: plan, respace, call-backs, preflight
    delivery      messages go to XFin and come back: upload, reconcile, withdraw, poll, templates
    programmes    standing lists, and who is drawn from them
    privacy       legal holds, erasure, purge, retention periods
    portal        the pages: views by subject, forms, downloads
    api           the REST API: viewsets by subject, serializers
    admin         Django's admin

`call_results` is the one door through which `calls` tells what a call brought.
"""
