"""Shapes of requests and answers, checked strictly; each is a schema of the OpenAPI document."""
