"""Hosts: the products that embed us, whose backends say who is there with tokens that they sign."""
