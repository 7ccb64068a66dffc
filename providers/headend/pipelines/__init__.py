"""What pipelines need beyond headend's own commands: one comment a pull request, one issue for drift, the plan that was
reviewed. `host` has what both code hosts share; `github` and `gitlab` know their REST APIs. Nothing here knows a stack.
"""
