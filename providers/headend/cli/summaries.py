"""Made by `make generate` from the commands: what the help of headend itself says of them."""
# ruff: noqa: E501

SUMMARIES = {
    "init": "Makes a repository of stacks: a first stack, its schema for editors, .gitignore, and the pipelines.",
    "import": "Writes a stack file, and state, of what is live. The plan of it is empty, which is tried before anything is kept.",
    "validate": "Checks a stack file without a single request. Warnings are shown, and exit 0 like none.",
    "fmt": "Puts stack files into one form: order of keys, quotes, spaces. Comments and meaning stay.",
    "lint": "Tells what is odd in stack files, by rules with names; exits 1 if anything is. Asks no platform and no secret.",
    "plan": "Shows what apply would do. Exit 0: nothing; 2: there are changes; 5: a guard would refuse them.",
    "drift": "Like plan, for a timer: exit 2 if what is live differs from the stack, whoever changed it, or doesn't run as the stack wants.",
    "show": "Shows a plan again, and writes reports of it. Makes no request.",
    "graph": "Draws the ways of the streams, with what is on air, what a plan would change, and what it would cut.",
    "timeline": "Shows what each output carries and when, what clashes, and what a plan would cut.",
    "apply": "Makes what is live equal to the stack; with a plan file, exactly as that plan says.",
    "destroy": "Deletes all that the stack manages, in reverse order; needs the stack file for its connections.",
    "status": "Shows what the stack's objects do now, what is on air and until when, and what comes next. Writes nothing.",
    "kinds": "Lists the kinds of objects headend manages.",
    "explain": "Explains a kind, or a field of it: type, unit, range, default, what a change does to a stream, an example.",
    "schema": "Prints the JSON Schema of stack files, for editors, or of plan documents, for tools.",
    "simulate": "Serves simulated platforms on this machine, and prints the settings that lead to them. Ctrl-C ends it.",
    "api": "Calls any operation of a platform's API, with its login, its paging and its way to say what is wrong.",
    "doctor": "Tries what may safely be read, and tells which operations are not as headend assumes. Exit 2: some aren't.",
    "state": "What headend's own state file holds.",
    "policy": "What is to hold of stacks.",
    "pulumi": "Hands stacks over to Pulumi, and takes them back.",
    "pipeline": "What a pipeline of GitHub's or GitLab's does with a plan.",
    "thumbnails": "Writes a picture of what each Ateme+ input shows, a file for each address, and tells which had none.",
    "audio-pids": "Probes a running Ateme+ transcoder, and prints its audio PIDs as its entry in the stack file takes them.",
}
VERBS = {  # the platform that each is of
    "thumbnails": "ateme",
    "audio-pids": "ateme",
}
