"""When it runs and with what: definitions, jobs, sensors, command line. Nobody imports this package."""
